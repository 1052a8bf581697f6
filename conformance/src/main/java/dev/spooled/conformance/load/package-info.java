/// Who asks: producers, workers, operators and others, each a thread with dice of its own. Open `Cast` first.
@NullMarked
package dev.spooled.conformance.load;

import org.jspecify.annotations.NullMarked;
