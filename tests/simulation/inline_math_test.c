/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same bits as the C library's for each pair of what is special. */
#include "tests/simulation/inline_math.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef double of_two(double a, double b);

static int compare(const char *name, of_two *inlined, of_two *volatile library, double a, double b)
{
	double got = inlined(a, b), expected = library(a, b);

	if (isnan(got) && isnan(expected))
		return 0;
	if (memcmp(&got, &expected, sizeof(got)) == 0)
		return 0;
	fprintf(stderr, "%s(%g, %g) is %g, the C library says %g\n", name, a, b, got, expected);
	return 1;
}

int main(void)
{
	const double special[] = {0.0,     -0.0,     1.0,      -1.0,      DBL_MIN, -DBL_MIN, DBL_TRUE_MIN,
				  DBL_MAX, -DBL_MAX, INFINITY, -INFINITY, NAN,     -NAN,     693.15};
	const size_t count = sizeof(special) / sizeof(special[0]);
	int wrong = 0;

	for (size_t i = 0; i < count * count; i++) {
		double a = special[i / count], b = special[i % count];

		wrong += compare("fmax", inline_math_max, (fmax), a, b);
		wrong += compare("fmin", inline_math_min, (fmin), a, b);
	}
	return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
