@org.jspecify.annotations.NullMarked
package io.chronotick.cli;
