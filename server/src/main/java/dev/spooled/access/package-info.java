/// Who is calling: API keys, their hashes, their scopes. `Authenticate` stands before the routes, `ApiKeys` knows the
/// keys,
/// `OwnKeys` is what an organization does with its own (`ApiKeysHttp` is the door).
@NullMarked
package dev.spooled.access;

import org.jspecify.annotations.NullMarked;
