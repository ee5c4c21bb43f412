/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counts what the whole process takes from the heap, libraries included: the program's own malloc stands
 * before the C library's. Include it in one file of a test program only; not under a sanitizer, which does
 * the same.
 */
#ifndef DENSD_TESTS_ALLOCATIONS_H
#define DENSD_TESTS_ALLOCATIONS_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ALLOCATIONS_COUNTED 0
static unsigned long allocations;
#else
#define ALLOCATIONS_COUNTED 1

static unsigned long allocations;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *memory, size_t size);
void *aligned_alloc(size_t alignment, size_t size);

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	allocations++;
	return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	allocations++;
	return __libc_memalign(alignment, size);
}
#endif

#endif
