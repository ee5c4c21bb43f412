/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/source_text.h"

static int obey(struct source_text *text, const struct driver_cycle *cycle, const struct press_demand *demand)
{
	struct text_session *session = &text->session;

	return source_obey(&text->source, cycle, demand, text_session_may_obey(session, demand->mode),
			   session->units_differ);
}

static int poll_source(struct source_text *text, const struct driver_cycle *cycle,
		       const struct press_demand *demand)
{
	struct text_session *session = &text->session;
	bool due;
	int r = text_session_begin(session, cycle->t_lab_s, &due), refused;

	if (r == 0 && due)
		r = text->ops->identify(text->driver, cycle->t_lab_s);
	if (text->connects != session->connects) {
		text->connects = session->connects;
		source_forget(&text->source);
		if (text->ops->forget)
			text->ops->forget(text->driver);
	}
	if (r != 0)
		return r;
	/* What it refuses is no trouble of the line: it is read all the same. */
	refused = obey(text, cycle, demand);
	if (refused != 0 && refused != CAUSE_RANGE && refused != CAUSE_EXCEPTION)
		return refused;
	r = text->ops->read(text->driver, cycle->seq);
	if (r == 0)
		session->fault = (uint8_t)refused;
	return r;
}

const struct memory_field memory_of_source_text[] = {
	MEMORY_PART(struct source_text, session, memory_of_text_session),
	MEMORY_PART(struct source_text, source, memory_of_source),
	MEMORY(struct source_text, connects),
	MEMORY_END,
};

void source_text_cycle(struct source_text *text, const struct driver_cycle *cycle,
		       const struct press_demand *demand, struct report *report)
{
	int r = poll_source(text, cycle, demand);

	text_session_end(&text->session, r == 0, report);
	source_conclude(&text->source, cycle, demand, text->session.identity_ok, report);
}
