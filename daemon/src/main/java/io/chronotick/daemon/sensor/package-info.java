/** What the machine measures beside the time. */
@org.jspecify.annotations.NullMarked
package io.chronotick.daemon.sensor;
