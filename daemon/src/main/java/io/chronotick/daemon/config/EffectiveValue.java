// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

/**
 * One row of {@code config show}.
 *
 * @param key path of the key, joined by dots
 * @param value what holds, as it would be written in the file
 * @param origin {@code default}, {@code FILE:LINE}, {@code environment variable NAME} or {@code option --NAME}
 * @param hasEffect false for a key that is accepted from existing files but changes nothing here
 */
public record EffectiveValue(String key, String value, String origin, boolean hasEffect) {}
