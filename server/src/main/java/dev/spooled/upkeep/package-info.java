/// Chores: passes that run on a rhythm on every node and are safe on all of them at once.
@NullMarked
package dev.spooled.upkeep;

import org.jspecify.annotations.NullMarked;
