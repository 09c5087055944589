#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# ccache for a kernel that is built with an empty cache: what a file includes is known from
# the compiler, when it has compiled it, so that ccache need not preprocess it for that
# before, a fourth of the time. Not where one is put in by .incbin, of which the compiler
# does not tell. What is built again and again with other options, as by check-series, keeps
# ccache's own way, which can find what these leave as it was.

case " $* " in
*.S\ * | *configs.c\ * | *kheaders.c\ *) ;;
*) export CCACHE_DEPEND=1 ;;
esac
exec ccache "$@"
