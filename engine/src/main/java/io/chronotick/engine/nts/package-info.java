// SPDX-License-Identifier: Apache-2.0
/**
 * Network Time Security (RFC 8915), the client's side: the cipher, the extension fields, the records of the key exchange, and what
 * is kept of one server. Bytes come in as arguments and go out as values; TLS and the network are the daemon's.
 */
@NullMarked
package io.chronotick.engine.nts;

import org.jspecify.annotations.NullMarked;
