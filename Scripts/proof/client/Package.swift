// swift-tools-version: 6.1
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "berth-proof",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "berth", path: "../../..")],
    targets: [
        .executableTarget(
            name: "berth-proof",
            dependencies: [.product(name: "Berth", package: "berth")]
        )
    ],
    swiftLanguageModes: [.v6]
)
