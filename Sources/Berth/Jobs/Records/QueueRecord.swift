// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The record of a queue: its settings, how many jobs it has in each state,
/// and of each lane where its first job is.
///
/// The last is what keeps a claim short: it begins to look there, and never
/// walks over what jobs left that were there once.
struct QueueRecord: Hashable {
    struct Lane: Hashable {
        let lane: JobLane
        /// No waiting job stands before this place.
        var first: JobPlace
        /// Whether no job waits in it; the place is then one that jobs have passed.
        var isEmpty: Bool
    }

    let name: String
    var settings = JobQueueSettings()
    private(set) var lanes: [Lane] = []
    /// The largest place of a job that may run at once, so that the order of
    /// coming holds where the wall clock is set back.
    private var last: UInt64 = 0
    /// How many jobs were claimed by their priority while others waited behind
    /// them, since one of those had its turn.
    var overtaken = 0
    /// By ``JobState/place``.
    private(set) var counts = [Int](repeating: 0, count: JobState.allCases.count)

    init(name: String) {
        self.name = name
    }

    func count(_ state: JobState) -> Int { counts[state.place] }

    mutating func count(_ state: JobState, by number: Int) {
        counts[state.place] += number
    }

    // MARK: Lanes

    /// So many lanes are kept, with the empty ones among them.
    private static var mostLanes: Int { 64 }

    func first(in lane: JobLane) -> JobPlace? {
        lanes.first { $0.lane == lane }?.first
    }

    /// The place in the order of a job that comes now and may run at once.
    mutating func nextOrder(at now: Int64) -> UInt64 {
        // Each has one of its own: then one that comes back finds a place just
        // before the first one, with nothing between the two.
        last = max(last + 1, JobPlace.order(at: now))
        return last
    }

    /// Notes that a job has come to wait.
    mutating func add(_ place: JobPlace, to lane: JobLane) {
        guard let index = lanes.firstIndex(where: { $0.lane == lane }) else {
            // What an empty one knows saves time, and is worth no record
            // without bounds.
            if lanes.count >= Self.mostLanes { lanes.removeAll { $0.isEmpty } }
            lanes.append(Lane(lane: lane, first: place, isEmpty: false))
            lanes.sort { Self.comesBefore($0.lane, $1.lane) }
            return
        }
        if lanes[index].isEmpty || place < lanes[index].first { lanes[index].first = place }
        lanes[index].isEmpty = false
    }

    /// Notes where the first job of a lane was found; nil where there is none.
    mutating func setFirst(_ place: JobPlace?, of lane: JobLane) {
        guard let index = lanes.firstIndex(where: { $0.lane == lane }) else { return }
        if let place { lanes[index].first = place }
        lanes[index].isEmpty = place == nil
    }

    private static func comesBefore(_ left: JobLane, _ right: JobLane) -> Bool {
        if left.priority != right.priority { return left.priority < right.priority }
        return left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }

    // MARK: As a record

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        settings.write(to: &writer)
        if last != 0 { writer.member("last", last) }
        if overtaken != 0 { writer.member("overtaken", overtaken) }
        writer.member("counts")
        writer.beginArray()
        for count in counts { writer.value(count) }
        writer.endArray()
        writer.member("lanes")
        writer.beginArray()
        for lane in lanes {
            writer.value(lane.lane.name)
            writer.value(lane.first.digits)
            writer.value(lane.isEmpty)
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    init(_ record: Record) throws(CoordinatorError) {
        name = String(record.key.text.dropFirst(JobRecords.queues.utf8.count))
        guard let fields = JSONFields(record.value), let counts = fields.array("counts"),
            let lanes = fields.array("lanes"), counts.count == JobState.allCases.count,
            lanes.count % 3 == 0
        else { throw JobRecords.damaged(record.key) }
        settings = JobQueueSettings(fields)
        last = fields.integer("last") ?? 0
        overtaken = fields.integer("overtaken") ?? 0
        for (place, count) in counts.enumerated() {
            guard let count = Int(decimal: count) else { throw JobRecords.damaged(record.key) }
            self.counts[place] = count
        }
        for index in stride(from: 0, to: lanes.count, by: 3) {
            guard let name = JSONScan.string(lanes[index]), let lane = JobLane(name),
                let first = JobPlace(lanes[index + 1].dropLast().dropFirst())
            else { throw JobRecords.damaged(record.key) }
            self.lanes.append(
                Lane(lane: lane, first: first, isEmpty: lanes[index + 2].elementsEqual("true".utf8))
            )
        }
    }
}

extension QueueRecord {
    /// After so many claims by priority, the turn is that of the one that has
    /// waited longest.
    static var mostOvertaken: Int { 31 }

    /// The lane whose first job has waited longest, where it is its turn before
    /// all others. A rule on values: the lanes are those of a claim, by priority.
    func laneToGoFirst(among lanes: [Lane], at now: Int64) -> Lane? {
        guard overtaken >= Self.mostOvertaken else { return nil }
        return lanes.filter { $0.isDue(at: now) }.min { $0.first < $1.first }
    }
}

extension QueueRecord.Lane {
    /// Whether a job of it may run by a time, as far as is known.
    func isDue(at now: Int64) -> Bool {
        !isEmpty && (!lane.isTimed || first.time <= now)
    }
}
