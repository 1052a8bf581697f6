/// One JSON reader for all doors: bounded, exact, compact. Start with `Json`.
@NullMarked
package dev.spooled.json;

import org.jspecify.annotations.NullMarked;
