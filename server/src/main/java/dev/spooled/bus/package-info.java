/// What nodes tell each other: `Bus` carries `Message`s between them, by Redis, by PostgreSQL's NOTIFY or within a
/// process. Nothing depends on it but how soon something is noticed. Start with `Bus`, then `NodeBus`.
@NullMarked
package dev.spooled.bus;

import org.jspecify.annotations.NullMarked;
