/// The lane and the live tables: every hot write of the server. Start with `Command`, then `Lane`, then engine.sql.
@NullMarked
package dev.spooled.engine;

import org.jspecify.annotations.NullMarked;
