// SPDX-License-Identifier: Apache-2.0
// Says why a segment gives no time: what the other readers say of it, too.
#ifndef _GNU_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "chronotick.h"

int main(int argc, char **argv) {
    chronotick c;
    chronotick_interval now;
    if (argc == 2 && (chronotick_open(&c, argv[1]) || chronotick_now(&c, &now)))
        fprintf(stderr, "chronotick: %s\n", chronotick_message(&c));
    return argc != 2;
}
