/// What was asked and heard, line by line. Open `Story` first.
@NullMarked
package dev.spooled.conformance.history;

import org.jspecify.annotations.NullMarked;
