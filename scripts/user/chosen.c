// SPDX-License-Identifier: GPL-2.0
/*
 * Print which implementations are chosen where none is asked for.
 */
#include "harness.h"

int main(void)
{
	printf("aead %s\nx25519 %s\nblake2s %s\n", chacha20poly1305_batch_selected(),
	       x25519_batch_selected(), blake2s_batch_selected());
	return 0;
}
