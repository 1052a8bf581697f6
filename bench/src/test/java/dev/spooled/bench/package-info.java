@NullMarked
package dev.spooled.bench;

import org.jspecify.annotations.NullMarked;
