/// Moving house: all that a server keeps, from its embedded PostgreSQL into another one (`spooled move`).
@NullMarked
package dev.spooled.moving;

import org.jspecify.annotations.NullMarked;
