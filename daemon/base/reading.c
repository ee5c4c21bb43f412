/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/base/reading.h"

static const char *const quality_names[QUALITY_MAX] = {
	[QUALITY_NONE] = "none",
	[QUALITY_GOOD] = "good",
	[QUALITY_SUSPECT] = "suspect",
	[QUALITY_BAD] = "bad",
};

static const char *const cause_names[CAUSE_MAX] = {
	[CAUSE_NONE] = "none",
	[CAUSE_TIMEOUT] = "timeout",
	[CAUSE_CRC] = "crc",
	[CAUSE_EXCEPTION] = "exception",
	[CAUSE_MISMATCH] = "mismatch",
	[CAUSE_QUARANTINE] = "quarantine",
	[CAUSE_SENSOR_BREAK] = "sensor-break",
	[CAUSE_JUMP] = "jump",
	[CAUSE_FROZEN] = "frozen",
	[CAUSE_RANGE] = "range",
	[CAUSE_IDENTITY] = "identity",
	[CAUSE_LINK] = "link",
};

const char *quality_name(enum quality quality)
{
	return (unsigned)quality < QUALITY_MAX ? quality_names[quality] : "invalid";
}

const char *cause_name(enum cause cause)
{
	return (unsigned)cause < CAUSE_MAX ? cause_names[cause] : "invalid";
}
