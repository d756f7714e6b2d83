// SPDX-License-Identifier: Apache-2.0

/// What a request says of a reservation's project, or of its task.
///
/// Both are for people: they say what a port is for, and decide nothing.
public enum PortLabel: Hashable, Sendable {
    /// Nothing: a reservation keeps what it has, and a new one is given what
    /// the git repository of its directory tells.
    case unspecified
    /// 1 to 255 bytes without control characters.
    case named(String)
    /// That it is to have none.
    case cleared

    /// What a reservation has after the request, of what it had before.
    func applied(to present: String?) -> String? {
        switch self {
        case .unspecified: present
        case .named(let name): name
        case .cleared: nil
        }
    }

    /// What a new reservation has.
    func new(orInferred infer: () -> String?) -> String? {
        switch self {
        case .unspecified: infer()
        case .named(let name): name
        case .cleared: nil
        }
    }
}
