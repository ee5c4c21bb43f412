/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every safety number, once: name, unit, default, minimum, maximum, which direction is safer, and the
 * hazard row it serves. The site file moves a number inside [minimum, maximum]; a protocol only towards
 * safer. Durations are lab seconds unless a name says mono.
 */
#ifndef DENSD_PROTOCOL_LIMITS_H
#define DENSD_PROTOCOL_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

enum limit_safer { SAFER_LOWER, SAFER_HIGHER };

/* X(name, unit, default, minimum, maximum, safer direction, what it is, hazard row) */
#define LIMITS(X)                                                                                            \
	X(machine_pressure_gpa, "GPa", 7.2, 0.5, 8.0, LOWER, "highest pressure the press may reach", 19)     \
	X(machine_temperature_k, "K", 723, 400, 1000, LOWER, "highest temperature the furnace may reach", 2) \
	X(protocol_pressure_gpa, "GPa", 7.0, 0.5, 8.0, LOWER, "highest pressure a protocol may ask for", 35) \
	X(protocol_temperature_k, "K", 693, 310, 1000, LOWER, "highest temperature a protocol may ask for",  \
	  35)                                                                                                \
	X(heating_rate_k_per_s, "K/s", 0.5, 0.001, 2.0, LOWER, "fastest heating or cooling ramp", 35)        \
	X(pressure_rate_gpa_per_s, "GPa/s", 0.01, 0.0001, 0.05, LOWER, "fastest pressure ramp", 35)          \
	X(release_temperature_k, "K", 308, 298, 323, LOWER, "no pressure release above this (T_release)", 1) \
	X(release_dwell_s, "s", 60, 10, 3600, HIGHER, "time below T_release before release", 1)              \
	X(release_ambient_margin_k, "K", 4, 2, 20, HIGHER, "ambient must lie this far below T_release", 1)   \
	X(permit_age_s, "s", 2, 0.5, 5, LOWER, "age of the temperature a release permit rests on", 1)        \
	X(runaway_band_k, "K", 15, 5, 50, LOWER, "temperature above setpoint", 2)                            \
	X(runaway_time_s, "s", 10, 2, 60, LOWER, "for how long", 2)                                          \
	X(runaway_rise_k_per_s, "K/s", 0.016666666666666666, 0.005, 0.1, LOWER,                              \
	  "rise that counts with output 0", 2)                                                               \
	X(runaway_over_protocol_k, "K", 10, 5, 30, LOWER, "above the protocol's maximum: at once", 2)        \
	X(welded_rise_k_per_s, "K/s", 0.03333333333333333, 0.01, 0.2, LOWER, "rise at output 0", 3)          \
	X(welded_time_s, "s", 60, 10, 300, LOWER, "for how long", 3)                                         \
	X(not_heating_output_pct, "%", 50, 20, 90, LOWER, "output that ought to heat", 4)                    \
	X(not_heating_time_s, "s", 120, 30, 600, LOWER, "for how long", 4)                                   \
	X(not_heating_lag_k, "K", 3, 1, 20, LOWER, "setpoint above temperature", 4)                          \
	X(not_heating_share, "1", 0.2, 0.05, 0.5, HIGHER, "least share of the programmed gain", 4)           \
	X(lag_band_k, "K", 5, 1, 20, LOWER, "band below which lag accumulates", 4)                           \
	X(lag_integral_k_s, "K s", 600, 100, 6000, LOWER, "accumulated lag", 4)                              \
	X(jump_k_per_s, "K/s", 50, 5, 200, LOWER, "faster than a real thermocouple", 5)                      \
	X(slip_fall_k, "K", 20, 5, 50, LOWER, "fall while the setpoint does not", 6)                         \
	X(slip_time_s, "s", 30, 5, 120, HIGHER, "within: a longer look sees a slower slip", 6)               \
	X(slip_output_pct, "%", 20, 5, 50, LOWER, "with output above", 6)                                    \
	X(pair_difference_k, "K", 15, 3, 50, LOWER, "two thermocouples apart", 6)                            \
	X(pair_time_s, "s", 30, 5, 120, LOWER, "for how long", 6)                                            \
	X(frozen_time_s, "s", 60, 10, 600, LOWER, "bit-identical value", 7)                                  \
	X(frozen_output_pct, "%", 5, 1, 50, LOWER, "with output above", 7)                                   \
	X(frozen_grace_s, "s", 30, 0, 300, LOWER, "grace before heater 0", 7)                                \
	X(furnace_dead_time_s, "s", 0, 0, 60, LOWER, "a slow furnace's reading answers its heater after", 7) \
	X(fresh_age_s, "s", 2, 0.5, 10, LOWER, "older is stale", 8)                                          \
	X(stale_hold_s, "s", 10, 3, 60, LOWER, "stale for this long: S-HOLD", 8)                             \
	X(bus_lost_s, "s", 5, 2, 30, LOWER, "no good poll", 14)                                              \
	X(reopen_limit_s, "s", 60, 10, 600, LOWER, "adapter gone for longer: S-HOLD", 15)                    \
	X(call_limit_s, "s", 3, 1, 10, LOWER, "a bus worker silent for longer is lost (mono)", 16)           \
	X(stuck_error_gpa, "GPa", 0.04, 0.01, 0.2, LOWER, "setpoint ahead of pressure", 17)                  \
	X(stuck_time_s, "s", 60, 10, 300, LOWER, "for how long", 17)                                         \
	X(stuck_move_gpa, "GPa", 0.01, 0.001, 0.05, HIGHER, "while the pressure moved less than", 17)        \
	X(loss_rate_gpa_per_s, "GPa/s", 0.02, 0.005, 0.1, LOWER, "uncommanded fall", 18)                     \
	X(loss_error_gpa, "GPa", 0.1, 0.03, 0.5, LOWER, "pressure below setpoint", 18)                       \
	X(loss_time_s, "s", 10, 2, 60, LOWER, "for how long", 18)                                            \
	X(over_pressure_gpa, "GPa", 0.1, 0.03, 0.3, LOWER, "above the protocol's pressure", 19)              \
	X(stroke_reserve_pct, "%", 5, 1, 30, HIGHER, "pump volume left", 20)                                 \
	X(refused_per_minute, "1", 5, 1, 60, LOWER, "more refused commands: alarm", 23)                      \
	X(step_late_ms, "ms", 500, 100, 1000, LOWER, "late control step: alarm (mono)", 31)                  \
	X(step_stop_ms, "ms", 2000, 1000, 5000, LOWER, "late control step: watchdog not fed (mono)", 31)     \
	X(descriptors_pct, "%", 50, 10, 90, LOWER, "of the gateway's descriptors in use: alarm", 33)         \
	X(chip_band_pct, "%", 10, 2, 30, LOWER, "chip power or resistance out of band", 37)                  \
	X(purge_share, "1", 0.8, 0.5, 1, HIGHER, "nitrogen flow share", 38)                                  \
	X(purge_time_s, "s", 30, 5, 120, LOWER, "for how long", 38)                                          \
	X(intent_hold_s, "s", 5, 1, 30, LOWER, "commit later than this (mono): HOLD", 28)                    \
	X(hot_hold_limit_s, "s", 1800, 60, 14400, LOWER, "HOLD while hot for longer: ABORT", 39)             \
	X(done_dwell_s, "s", 60, 10, 600, HIGHER, "AMBIENT for this long is S-DONE", 1)                      \
	X(ambient_oil_bar, "bar", 5, 1, 20, LOWER, "oil pressure that counts as AMBIENT", 1)                 \
	X(device_watchdog_s, "s", 10, 3, 30, LOWER, "PLC heartbeat watchdog", 14)                            \
	X(preflight_grace_s, "s", 10, 1, 60, LOWER, "preflight incomplete for longer: alarm", 14)            \
	X(restart_gap_s, "s", 60, 5, 600, LOWER, "longest gap after which a run may go on", 25)              \
	X(restart_temperature_k, "K", 5, 1, 20, LOWER, "temperature moved less than this in the gap", 25)    \
	X(restart_pressure_gpa, "GPa", 0.05, 0.01, 0.2, LOWER, "pressure moved less than this in the gap",   \
	  25)                                                                                                \
	X(recovery_read_s, "s", 60, 10, 600, LOWER, "instruments not read for longer after a start: R7, R8", \
	  25)                                                                                                \
	X(resume_offer_s, "s", 600, 60, 3600, LOWER, "RESUME offered for this long after R15", 25)

#define LIMITS_FIELD(name, unit, default_value, minimum, maximum, safer, what, row) double name;
struct limits {
	LIMITS(LIMITS_FIELD)
};
#undef LIMITS_FIELD

struct limit_info {
	const char *
		name; /* also the key in the site file, without the unit suffix games: the field's own name */
	const char *unit;
	double default_value, minimum, maximum;
	enum limit_safer safer;
	const char *what;
	int hazard;
	size_t offset; /* of the double in struct limits */
};

#define LIMITS_ONE(...) +1
enum { LIMITS_COUNT = 0 LIMITS(LIMITS_ONE) };
#undef LIMITS_ONE

extern const struct limit_info limits_table[LIMITS_COUNT];

void limits_default(struct limits *ret_limits);
/* NULL when there is no such limit. */
const struct limit_info *limits_find(const char *name);
double limits_get(const struct limits *limits, const struct limit_info *info);
void limits_set(struct limits *limits, const struct limit_info *info, double value);
/* True when @value is at least as safe as what @limits holds: the only way a protocol may move it. */
bool limits_is_safer(const struct limits *limits, const struct limit_info *info, double value);

#endif
