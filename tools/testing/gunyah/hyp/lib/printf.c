// SPDX-License-Identifier: GPL-2.0-only
/*
 * Formatted text.  %d %i %u %x %X %p %s %c %%, the lengths hh h l ll z, the
 * flags 0 and -, width and precision (numbers or *).  No floating point.
 */
#include "../lib.h"

struct out {
	char *buf;
	size_t size, len;		/* len counts what did not fit too */
};

struct spec {
	bool zero, left, is_signed, upper;
	int width, precision;		/* precision -1: none */
	int longs;			/* 0 int, 1 and more 64 bit, -1 short, -2 char */
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void pad(struct out *o, char c, int n)
{
	while (n-- > 0)
		put(o, c);
}

static void put_text(struct out *o, const struct spec *sp, const char *s, int len)
{
	int fill = sp->width - len;

	if (!sp->left)
		pad(o, ' ', fill);
	while (len--)
		put(o, *s++);
	if (sp->left)
		pad(o, ' ', fill);
}

static void put_number(struct out *o, const struct spec *sp, u64 v, unsigned int base, bool minus)
{
	const char *digits = sp->upper ? "0123456789ABCDEF" : "0123456789abcdef";
	int n = 0, zeros, fill;
	char tmp[24];

	do {
		tmp[n++] = digits[v % base];
		v /= base;
	} while (v);
	zeros = sp->precision > n ? sp->precision - n : 0;
	fill = sp->width - n - zeros - minus;
	if (sp->zero && !sp->left && sp->precision < 0 && fill > 0) {
		zeros = fill;
		fill = 0;
	}
	if (!sp->left)
		pad(o, ' ', fill);
	if (minus)
		put(o, '-');
	pad(o, '0', zeros);
	while (n)
		put(o, tmp[--n]);
	if (sp->left)
		pad(o, ' ', fill);
}

static u64 cut(const struct spec *sp, u64 v)
{
	switch (sp->longs) {
	case -2:
		return sp->is_signed ? (u64)(s64)(signed char)v : (u8)v;
	case -1:
		return sp->is_signed ? (u64)(s64)(short)v : (u16)v;
	case 0:
		return sp->is_signed ? (u64)(s64)(s32)v : (u32)v;
	default:
		return v;
	}
}

static int number(const char **fmt, va_list *ap)
{
	int n = 0;

	if (**fmt == '*') {
		(*fmt)++;
		return va_arg(*ap, int);
	}
	while (**fmt >= '0' && **fmt <= '9')
		n = n * 10 + *(*fmt)++ - '0';
	return n;
}

static void parse(struct spec *sp, const char **fmt, va_list *ap)
{
	*sp = (struct spec){ .precision = -1 };
	for (;; (*fmt)++) {
		if (**fmt == '0')
			sp->zero = true;
		else if (**fmt == '-')
			sp->left = true;
		else
			break;
	}
	sp->width = number(fmt, ap);
	if (**fmt == '.') {
		(*fmt)++;
		sp->precision = number(fmt, ap);
	}
	for (;; (*fmt)++) {
		if (**fmt == 'l' || **fmt == 'z')
			sp->longs++;
		else if (**fmt == 'h')
			sp->longs--;
		else
			break;
	}
}

/* One conversion; va_list in a struct so that it can be handed on by address. */
struct args {
	va_list ap;
};

static void convert(struct out *o, struct spec *sp, char c, struct args *a)
{
	const char *s;
	char ch;
	u64 v;

	switch (c) {
	case 's':
		s = va_arg(a->ap, const char *);
		if (!s)
			s = "(null)";
		put_text(o, sp, s, (int)strnlen(s, sp->precision >= 0 ? (size_t)sp->precision :
						      (size_t)1 << 20));
		break;
	case 'c':
		ch = (char)va_arg(a->ap, int);
		put_text(o, sp, &ch, 1);
		break;
	case 'p':
		pad(o, '0', 1);
		put(o, 'x');
		put_number(o, sp, va_arg(a->ap, u64), 16, false);
		break;
	case 'd':
	case 'i':
		sp->is_signed = true;
		v = cut(sp, sp->longs > 0 ? va_arg(a->ap, u64) : (u64)(s64)va_arg(a->ap, int));
		put_number(o, sp, (s64)v < 0 ? -v : v, 10, (s64)v < 0);
		break;
	case 'u':
	case 'x':
	case 'X':
		sp->upper = c == 'X';
		v = cut(sp, sp->longs > 0 ? va_arg(a->ap, u64) : va_arg(a->ap, unsigned int));
		put_number(o, sp, v, c == 'u' ? 10 : 16, false);
		break;
	default:
		put(o, c);
	}
}

int hyp_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = { .buf = buf, .size = size };
	struct args a;
	struct spec sp;

	va_copy(a.ap, ap);
	while (*fmt) {
		if (*fmt != '%') {
			put(&o, *fmt++);
			continue;
		}
		fmt++;
		parse(&sp, &fmt, &a.ap);
		if (!*fmt)
			break;
		convert(&o, &sp, *fmt++, &a);
	}
	va_end(a.ap);
	if (size)
		buf[MIN(o.len, size - 1)] = 0;
	return (int)o.len;
}

int hyp_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = hyp_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
