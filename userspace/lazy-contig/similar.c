// SPDX-License-Identifier: GPL-2.0
/* The word that a mistyped one was meant to be. */
#include <string.h>

#include "cli.h"

#define MAX_WORD	31
#define MAX_MISTAKES	2

static int min(int a, int b)
{
	return a < b ? a : b;
}

/*
 * The number of characters to insert, delete, replace or swap with their neighbour, to
 * make @a of @b.
 */
static int mistakes(const char *a, const char *b)
{
	int la = strlen(a), lb = strlen(b), i, j;
	int cost[MAX_WORD + 1][MAX_WORD + 1];

	if (la > MAX_WORD || lb > MAX_WORD)
		return MAX_WORD;
	for (i = 0; i <= la; i++) {
		for (j = 0; j <= lb; j++) {
			if (!i || !j) {
				cost[i][j] = i + j;
				continue;
			}
			cost[i][j] = min(cost[i - 1][j], cost[i][j - 1]) + 1;
			cost[i][j] = min(cost[i][j],
					 cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				cost[i][j] = min(cost[i][j], cost[i - 2][j - 2] + 1);
		}
	}
	return cost[la][lb];
}

/* @s->best becomes @name if @candidate is more similar to @s->word than those before. */
void similar_try(struct similar *s, const char *candidate, const char *name)
{
	int n = mistakes(s->word, candidate);

	/* an abbreviation, or the beginning of a longer word */
	if (!strncmp(s->word, candidate, min(strlen(s->word), strlen(candidate))))
		n = 1;
	if (n > MAX_MISTAKES || n >= (int)strlen(s->word) || (s->best && n >= s->mistakes))
		return;
	s->best = name;
	s->mistakes = n;
}
