// SPDX-License-Identifier: Apache-2.0
/** What a module has to provide that runs models from files; the daemon finds it on the class path and runs without it. */
@org.jspecify.annotations.NullMarked
package io.chronotick.daemon.model;
