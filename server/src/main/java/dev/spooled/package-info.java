/// Spooled for Java: the composition root. Start with `Main`, then `App`.
@NullMarked
package dev.spooled;

import org.jspecify.annotations.NullMarked;
