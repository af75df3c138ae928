// SPDX-License-Identifier: Apache-2.0
/** ChronoTick's time as beans of a Spring Boot application. */
@org.jspecify.annotations.NullMarked
package io.chronotick.spring;
