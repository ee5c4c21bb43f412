/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/analyse/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/densctl/command.h"

#define SVG_TERMINAL "svg size 900,600 dynamic background '#ffffff' font 'Helvetica,15' enhanced"

#define PNG_TERMINAL \
	"pngcairo size 1800,1200 font 'Helvetica,30' linewidth 2 pointscale 2 dashlength 1.5 enhanced"

extern char **environ;

struct text {
	char *bytes;
	size_t size;
};

/* Standard input from @input, output to @output (-1: nowhere), messages to nowhere. */
static int spawn_gnuplot(int input, int output, pid_t *ret_pid)
{
	char *const arguments[] = {(char *)"gnuplot", (char *)"-", NULL};
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r)
		return -r;
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	if (output >= 0)
		posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	else
		posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	r = posix_spawnp(ret_pid, arguments[0], &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* A socket, not a pipe: a gnuplot that dies early is EPIPE here and no signal. */
static int send_all(int fd, const struct text *text)
{
	for (size_t sent = 0; sent < text->size;) {
		ssize_t n = send(fd, text->bytes + sent, text->size - sent, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -errno;
		sent += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

static int run_gnuplot(const struct text *script, int output)
{
	int sockets[2], r, waited;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	r = spawn_gnuplot(sockets[1], output, &pid);
	close(sockets[1]);
	if (r < 0) {
		close(sockets[0]);
		return r;
	}
	r = send_all(sockets[0], script);
	close(sockets[0]);
	waited = wait_for(pid);
	return waited < 0 ? waited : r;
}

/* In gnuplot's single quotes only the quote itself is special. */
static void write_quoted(FILE *script, const char *text)
{
	fputc('\'', script);
	for (; *text; text++)
		fputs(*text == '\'' ? "''" : (char[]){*text, '\0'}, script);
	fputc('\'', script);
}

/* @path NULL: to standard output. */
static int write_script(const char *terminal, const char *path, picture_writer *write, const void *subject,
			struct text *ret_text)
{
	struct text text = {NULL, 0};
	FILE *script = open_memstream(&text.bytes, &text.size);

	if (!script)
		return -ENOMEM;
	fprintf(script, "set encoding utf8\nset terminal %s\nset output ", terminal);
	if (path)
		write_quoted(script, path);
	fputs("\nset border 3 lw 1\nset tics nomirror out\n", script);
	write(script, subject);
	fputs("\nset output\n", script);
	if (fclose(script) != 0) {
		free(text.bytes);
		return -ENOMEM;
	}
	*ret_text = text;
	return 0;
}

/* gnuplot says nothing useful when a file cannot be written; this does. */
static int check_writable(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int draw_png(const char *path, picture_writer *write, const void *subject)
{
	struct text script = {NULL, 0};
	int r = write_script(PNG_TERMINAL, path, write, subject, &script);

	if (r == 0)
		r = run_gnuplot(&script, -1);
	free(script.bytes);
	return r;
}

static int draw_svg(const char *path, picture_writer *write, const void *subject)
{
	char *svg;
	FILE *file;
	int r = picture_render_svg(write, subject, &svg);

	if (r < 0)
		return r;
	file = fopen(path, "we");
	if (!file || fputs(svg, file) < 0)
		r = -errno;
	if (file && fclose(file) != 0 && r == 0)
		r = -errno;
	free(svg);
	return r;
}

static int draw(const char *name, const char *path,
		int (*draw_as)(const char *, picture_writer *, const void *), picture_writer *write,
		const void *subject)
{
	int r = check_writable(path);

	if (r == 0)
		r = draw_as(path, write, subject);
	if (r == 0)
		fprintf(stderr, "densctl analyse %s: drawn into %s\n", name, path);
	else
		fprintf(stderr, "densctl analyse %s: %s was not drawn: %s%s\n", name, path,
			r == -EIO ? "gnuplot: " : "", strerror(-r));
	return r == 0 ? DENSCTL_OK : DENSCTL_INVALID;
}

int picture_draw(const struct analyse_arguments *arguments, const char *name, picture_writer *write,
		 const void *subject)
{
	int r = DENSCTL_OK;

	if (arguments->svg)
		r = draw(name, arguments->svg, draw_svg, write, subject);
	if (arguments->png && r == DENSCTL_OK)
		r = draw(name, arguments->png, draw_png, write, subject);
	return r;
}

/* What gnuplot wrote into @fd, as text of its own. */
static int read_back(int fd, char **ret_text)
{
	off_t length = lseek(fd, 0, SEEK_END);
	char *text = length > 0 ? calloc(1, (size_t)length + 1) : NULL;

	if (!text)
		return length > 0 ? -ENOMEM : -EIO;
	if (pread(fd, text, (size_t)length, 0) != (ssize_t)length) {
		free(text);
		return -EIO;
	}
	*ret_text = text;
	return 0;
}

/*
 * gnuplot makes a piece of text of each change of style, and some viewers drop the blanks at the ends of a
 * piece: "Tdensor Ta/ K".
 */
static int preserve_blanks(char **svg)
{
	const char *root = strstr(*svg, "<svg");
	char *kept;

	if (!root)
		return -EIO;
	root += strlen("<svg");
	if (asprintf(&kept, "%.*s xml:space=\"preserve\"%s", (int)(root - *svg), *svg, root) < 0)
		return -ENOMEM;
	free(*svg);
	*svg = kept;
	return 0;
}

int picture_render_svg(picture_writer *write, const void *subject, char **ret_svg)
{
	int fd = memfd_create("picture", MFD_CLOEXEC), r = fd < 0 ? -errno : 0;
	struct text script = {NULL, 0};
	char *svg = NULL;

	if (r == 0)
		r = write_script(SVG_TERMINAL, NULL, write, subject, &script);
	if (r == 0)
		r = run_gnuplot(&script, fd);
	if (r == 0)
		r = read_back(fd, &svg);
	if (r == 0)
		r = preserve_blanks(&svg);
	if (r == 0)
		*ret_svg = svg;
	else
		free(svg);
	free(script.bytes);
	if (fd >= 0)
		close(fd);
	return r;
}
