// SPDX-License-Identifier: Apache-2.0
// Counts readings that give a time: count SEGMENT. Says "ready", then answers each number in its input with how many of so many readings did.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "chronotick.h"

int main(int argc, char **argv) {
    chronotick c;
    chronotick_interval now;
    int readings;
    if (argc != 2 || chronotick_open(&c, argv[1]))
        return 1;
    puts("ready");
    fflush(stdout);
    while (scanf("%d", &readings) == 1) {
        int valid = 0;
        for (int i = 0; i < readings; i++)
            valid += chronotick_now(&c, &now) == CHRONOTICK_OK;
        printf("%d\n", valid);
        fflush(stdout);
    }
    return 0;
}
