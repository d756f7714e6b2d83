// swift-tools-version: 6.1
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "berth",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Berth", targets: ["Berth"]),
        .executable(name: "berth", targets: ["berth-tool"]),
    ],
    targets: [
        .target(name: "BerthStore"),
        .target(name: "Berth", dependencies: ["BerthStore"]),
        .target(name: "BerthCLI", dependencies: ["Berth", "BerthStore"]),
        .executableTarget(name: "berth-tool", dependencies: ["BerthCLI"]),
        .target(
            name: "BerthTestSupport",
            dependencies: ["BerthStore"],
            path: "Tests/BerthTestSupport"
        ),
        .testTarget(
            name: "BerthStoreTests",
            dependencies: ["BerthStore", "BerthTestSupport"],
            exclude: ["Format/golden", "Fuzzing/corpus"]
        ),
        .testTarget(name: "BerthTests", dependencies: ["Berth", "BerthTestSupport"]),
        .testTarget(
            name: "BerthCLITests",
            dependencies: ["BerthCLI", "BerthTestSupport"],
            exclude: ["Fuzzing/corpus"]
        ),
        .testTarget(
            name: "BerthProcessTests",
            dependencies: ["Berth", "BerthTestSupport", "berth-tool", "berth-test-worker"]
        ),
        .executableTarget(
            name: "berth-test-worker",
            dependencies: ["Berth", "BerthStore"],
            path: "Tests/BerthTestWorker"
        ),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets {
    target.swiftSettings = [
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
        .enableUpcomingFeature("ExistentialAny"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
        .enableUpcomingFeature("InternalImportsByDefault"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
}
