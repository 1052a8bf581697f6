/// Several PostgreSQL behind one server, a cell each: who lives where, and what of the directory goes along. `Cells` is
/// the file to open first (docs/cells.md).
@NullMarked
package dev.spooled.cells;

import org.jspecify.annotations.NullMarked;
