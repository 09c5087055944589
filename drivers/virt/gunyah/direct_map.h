/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's direct map and lent memory, see direct_map.c.
 */
#ifndef _GUNYAH_DIRECT_MAP_H
#define _GUNYAH_DIRECT_MAP_H

#include <linux/types.h>

/**
 * gunyah_direct_map_can_change() - can pages leave the direct map here?
 *
 * Return: false where the direct map is made of blocks that can't be split
 * (rodata=full is off).
 */
bool gunyah_direct_map_can_change(void);

/**
 * gunyah_direct_map_remove() - take pages out of the kernel's direct map
 * @phys: physical address of the first one, page aligned
 * @size: bytes, a multiple of the page size
 *
 * On return no CPU has a translation for them any more.  The caller owns the
 * pages and keeps them until it has put them back.
 *
 * Context: may sleep.
 * Return: 0; -EOPNOTSUPP where the direct map can't be changed; -EINVAL for what is
 * not memory; -EIO when a page is out of it already; -EBUSY while an image of all
 * memory is made or loaded; nothing has changed then.
 */
int gunyah_direct_map_remove(phys_addr_t phys, size_t size);

/**
 * gunyah_direct_map_restore() - put pages back that were taken out
 * @phys: as it was given to gunyah_direct_map_remove(), or a part of that
 * @size: likewise
 *
 * Context: may sleep.
 * Return: 0, or an errno: the pages must not be used any more then.
 */
int gunyah_direct_map_restore(phys_addr_t phys, size_t size);

#endif
