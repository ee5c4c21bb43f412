/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs every file of a corpus folder through a fuzz target: the corpus as a plain test. */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	size_t size;

	if (!file)
		return -1;
	data = malloc(1 << 20);
	size = data ? fread(data, 1, 1 << 20, file) : 0;
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	struct dirent *entry;
	size_t count = 0;
	DIR *folder;

	if (argc != 2 || !(folder = opendir(argv[1]))) {
		fprintf(stderr, "usage: replay CORPUS_FOLDER (it must exist)\n");
		return 2;
	}
	while ((entry = readdir(folder))) {
		char path[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		if (run_file(path) == 0)
			count++;
	}
	closedir(folder);
	printf("%zu inputs replayed\n", count);
	return count > 0 ? 0 : 1;
}
