/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tf of the C glass for lines "GPa K" on standard input: one "GPa K Tf_K" a line. For reference.py. */
#include <stdio.h>

#include "tools/densim/glass.h"

int main(void)
{
	double gpa, temperature_k;

	while (scanf("%lf %lf", &gpa, &temperature_k) == 2) {
		struct glass glass;

		glass_init_as_spun(&glass);
		glass_press(&glass, 298, 0, gpa, 0.3 / 60);
		glass_ramp(&glass, 298, temperature_k, 20.0 / 60, gpa, 1);
		glass_hold(&glass, temperature_k, gpa, 600);
		glass_ramp(&glass, temperature_k, 298, 20.0 / 60, gpa, 1);
		glass_press(&glass, 298, gpa, 0, 0.3 / 60);
		printf("%g %g %.6f\n", gpa, temperature_k, glass_tf_k(&glass));
	}
	return 0;
}
