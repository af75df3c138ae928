// SPDX-License-Identifier: Apache-2.0
/** NTS key exchange (RFC 8915, section 4) over the network, and the file that keeps cookies from one run to the next. */
@NullMarked
package io.chronotick.daemon.nts;

import org.jspecify.annotations.NullMarked;
