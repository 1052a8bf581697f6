/// Where this server may send requests that others ask for. Start with `Targets`.
@NullMarked
package dev.spooled.outbound;

import org.jspecify.annotations.NullMarked;
