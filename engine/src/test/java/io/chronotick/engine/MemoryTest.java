// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.engine.ntp.Exchange;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What an engine keeps does not grow with the time it runs. {@code benchmarks/run --year} plays a year and reports the heap in
 * use after each month; this counts what is retained, and takes seconds.
 */
class MemoryTest {
    private static final int ROUNDS_A_DAY = 24 * 3600 / 16;

    @Test
    void shouldKeepNoMoreAfterFourDaysThanAfterADay() throws IllegalAccessException {
        assertKeepsNoMoreThanAfterADay(4);
    }

    @Tag("slow")
    @Test
    void shouldKeepNoMoreAfterAMonthThanAfterADay() throws IllegalAccessException {
        assertKeepsNoMoreThanAfterADay(30);
    }

    /**
     * At a 16 s poll. Everything is full after a day: 5400 exchanges, of which 1024 are kept, and all laws, bounds and
     * hypotheses there will ever be. A route that is suspected doubles the bank for a while, so the least of ten looks a day counts.
     */
    private static void assertKeepsNoMoreThanAfterADay(int days) throws IllegalAccessException {
        RecordedWorld.Recipe recipe = new RecordedWorld.Recipe(1, 1, days * ROUNDS_A_DAY, 16, 1e-3, 2e-4, 1e-9);
        Engine engine = RecordedWorld.engine(1, Set.of());
        long[] least = new long[days];
        int round = 0;
        for (List<Exchange> batch : RecordedWorld.exchanges(recipe)) {
            for (Exchange exchange : batch) {
                engine.onTimer(exchange.t4(), action -> {});
                engine.onRecordedExchange(exchange, exchange.t4(), action -> {});
            }
            int day = round / ROUNDS_A_DAY;
            if (++round % (ROUNDS_A_DAY / 10) == 0) {
                least[day] = least[day] == 0 ? retained(engine) : Math.min(least[day], retained(engine));
            }
        }
        for (int day = 2; day < least.length; day++) {
            assertThat(least[day]).as("day " + day).isLessThanOrEqualTo(least[1]);
        }
    }

    /** Objects of the engine, elements of collections and cells of arrays that can be reached from {@code root}. */
    private static long retained(Object root) throws IllegalAccessException {
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Object> open = new ArrayDeque<>();
        open.add(root);
        seen.add(root);
        long count = 0;
        while (!open.isEmpty()) {
            Object object = open.remove();
            count++;
            if (object instanceof Object[] array) {
                count += array.length;
                for (Object element : array) {
                    reach(element, seen, open);
                }
            } else if (object.getClass().isArray()) {
                count += java.lang.reflect.Array.getLength(object);
            } else if (object instanceof Collection<?> collection) {
                collection.forEach(element -> reach(element, seen, open));
            } else if (object instanceof Optional<?> optional) {
                optional.ifPresent(value -> reach(value, seen, open));
            } else if (object.getClass().getPackage() == Engine.class.getPackage() && !(object instanceof Enum)) {
                for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
                    for (Field field : type.getDeclaredFields()) {
                        if (!Modifier.isStatic(field.getModifiers())
                                && !field.getType().isPrimitive()) {
                            field.setAccessible(true);
                            reach(field.get(object), seen, open);
                        }
                    }
                }
            }
        }
        return count;
    }

    private static void reach(@Nullable Object object, Set<Object> seen, Deque<Object> open) {
        if (object != null && seen.add(object)) {
            open.add(object);
        }
    }
}
