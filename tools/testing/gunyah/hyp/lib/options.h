/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HYP_OPTIONS_H
#define HYP_OPTIONS_H

/* Takes a copy of the words "ghyp.NAME=VALUE" of a command line (may be NULL). */
void options_init(const char *cmdline);

#endif
