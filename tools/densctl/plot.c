/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#define ROWS 15
#define COLUMNS 64

struct span {
	double low, high;
};

static void span_add(struct span *span, double value)
{
	span->low = fmin(span->low, value);
	span->high = fmax(span->high, value);
}

static int place(double value, struct span span, int cells)
{
	double share = span.high > span.low ? (value - span.low) / (span.high - span.low) : 0;

	return (int)lround(fmin(fmax(share, 0), 1) * (cells - 1));
}

static void put(char canvas[ROWS][COLUMNS], int row, int column, char mark)
{
	char *cell = &canvas[ROWS - 1 - row][column];

	*cell = *cell == ' ' || *cell == mark ? mark : '*';
}

static void print_row(const char row[COLUMNS], int index, struct span k, struct span gpa, FILE *stream)
{
	double share = (double)(ROWS - 1 - index) / (ROWS - 1);

	if (index % 7 == 0)
		fprintf(stream, "%7.0f K |%.*s| %.2f GPa\n", k.low + share * (k.high - k.low), COLUMNS, row,
			gpa.low + share * (gpa.high - gpa.low));
	else
		fprintf(stream, "%9s |%.*s|\n", "", COLUMNS, row);
}

void plot_text(const struct dryrun_point *points, size_t count, FILE *stream)
{
	struct span k = {298, 320}, gpa = {0, 0.1}, t = {0, 1};
	char canvas[ROWS][COLUMNS];

	memset(canvas, ' ', sizeof(canvas));
	for (size_t i = 0; i < count; i++) {
		span_add(&k, points[i].k);
		span_add(&gpa, points[i].gpa);
		span_add(&t, points[i].t_s);
	}
	for (size_t i = 0; i < count; i++) {
		int column = place(points[i].t_s, t, COLUMNS);

		put(canvas, place(points[i].k, k, ROWS), column, 'T');
		put(canvas, place(points[i].gpa, gpa, ROWS), column, 'P');
	}
	fprintf(stream, "  T: temperature (left), P: pressure (right), *: both\n");
	for (int i = 0; i < ROWS; i++)
		print_row(canvas[i], i, k, gpa, stream);
	fprintf(stream, "%9s 0%*.0f min\n", "", COLUMNS, t.high / 60);
}

void plot_print_quoted(FILE *stream, const char *text)
{
	fputc('\'', stream);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', stream);
		fputc(*text == '\n' || *text == '\r' ? ' ' : *text, stream);
	}
	fputc('\'', stream);
}

int plot_open(const char *path, const char *terminal, FILE **ret_gnuplot)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666); /* gnuplot would draw onto the terminal */
	FILE *gnuplot;

	if (fd < 0)
		return -errno;
	close(fd);
	gnuplot = popen("gnuplot 2>/dev/null", "w");
	if (!gnuplot)
		return -errno;
	fprintf(gnuplot, "set terminal %s size 900,500 font 'sans-serif,13' background 'white'\nset output ",
		terminal);
	plot_print_quoted(gnuplot, path);
	*ret_gnuplot = gnuplot;
	return 0;
}

int plot_svg(const struct dryrun_point *points, size_t count, const char *title, const char *path)
{
	double peak_gpa = 0.1;
	FILE *gnuplot;
	int r = plot_open(path, "svg", &gnuplot);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		peak_gpa = fmax(peak_gpa, points[i].gpa);
	fprintf(gnuplot, "\nset y2range [0:%.3f]\nset title ", 1.08 * peak_gpa);
	plot_print_quoted(gnuplot, title);
	fputs(" noenhanced\nset xlabel 'time / min'\nset ylabel 'temperature / K'\nset y2label 'pressure / "
	      "GPa'\n"
	      "set ytics nomirror\nset y2tics\nset grid\nset key outside bottom center "
	      "horizontal\n"
	      "set autoscale xfix\nset offsets 0, 0, graph 0.04, graph 0.04\n$run << E\n",
	      gnuplot);
	for (size_t i = 0; i < count; i++)
		fprintf(gnuplot, "%.4f %.4f %.6f\n", points[i].t_s / 60, points[i].k, points[i].gpa);
	fputs("E\nplot $run using 1:2 with lines lw 2 lc '#c0392b' title 'T', "
	      "'' using 1:3 axes x1y2 with lines lw 2 lc '#2c5f8a' title 'P'\n",
	      gnuplot);
	return pclose(gnuplot) == 0 ? 0 : -ENOSYS;
}
