/// The judge: pure functions from a `Story` to verdicts. Open `Checks` first.
@NullMarked
package dev.spooled.conformance.check;

import org.jspecify.annotations.NullMarked;
