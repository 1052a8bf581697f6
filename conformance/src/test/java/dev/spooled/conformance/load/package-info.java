@NullMarked
package dev.spooled.conformance.load;

import org.jspecify.annotations.NullMarked;
