/// One clock for ids, leases and partitions. Start with `Clock`.
@NullMarked
package dev.spooled.time;

import org.jspecify.annotations.NullMarked;
