// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// Runs a test on a store of its own, and removes it afterwards.
package func withTemporaryStore<Result>(
    options: StoreOptions = StoreOptions(), environment: StoreEnvironment = .live,
    _ body: (Store) throws -> Result
) throws -> Result {
    let place = try TemporaryStore()
    return try withExtendedLifetime(place) {
        try body(Store(at: place.path, options: options, environment: environment))
    }
}
