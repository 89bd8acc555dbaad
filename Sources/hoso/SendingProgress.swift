import Dossiers
import Foundation
import Spool

/// The progress bar of `hoso send`: how many rows are on the device, on their way, and stored; and what holds them up.
struct SendingProgress: Sendable {
    private static let patience = Duration.seconds(5)

    private let language: Language
    private var nextShow = ContinuousClock.now
    private var lastAnswer = ContinuousClock.now
    private var hasNotedSilence = false
    private var hasNotedFull = false
    private var hasDrawn = false

    init(language: Language) { self.language = language }

    /// Whether the last look is a tenth of a second ago.
    var isDue: Bool { nextShow <= .now }

    /// Shows where things stand.
    /// - Parameters:
    ///   - counts: of each file.
    ///   - centre: what this process knows of the centre; `nil` while another process sends.
    ///   - share: how much of the files has been read.
    mutating func show(
        _ counts: [SpoolCounts], centre: (isWelcome: Bool, entriesOnTheWay: Int)?, share: Double
    ) {
        nextShow = .now.advanced(by: .milliseconds(100))
        if centre?.isWelcome != false { lastAnswer = .now }
        if lastAnswer.duration(to: .now) > Self.patience { noteSilence() }
        guard Console.isWatched else { return }
        let line = bar(counts, share) + " " + figures(counts, entriesOnTheWay: centre?.entriesOnTheWay)
        Console.write("\r\(line)  ", to: .standardError)
        hasDrawn = true
    }

    /// Says, once, that the spool takes no more for now.
    mutating func noteFullSpool() {
        guard !hasNotedFull else { return }
        hasNotedFull = true
        note(
            language.choose(
                "Hàng đợi trên máy đã đầy; đang chờ trung tâm nhận bớt.",
                "The queue on this device is full; waiting for the centre to take what is in it."))
    }

    /// Ends the line of the bar.
    mutating func finish() {
        if hasDrawn { Console.write("\n", to: .standardError) }
        hasDrawn = false
    }

    private mutating func noteSilence() {
        guard !hasNotedSilence else { return }
        hasNotedSilence = true
        note(
            language.choose(
                "Trung tâm chưa trả lời. Hồ sơ đã an toàn trên máy này và sẽ được gửi khi trung tâm trả lời.",
                "The centre does not answer. Everything is safe on this device and will be sent when it does."))
    }

    private mutating func note(_ sentence: String) {
        finish()
        Console.error(sentence)
    }

    private func bar(_ counts: [SpoolCounts], _ share: Double) -> String {
        let accepted = counts.reduce(0) { $0 + $1.accepted }
        let answered = accepted - counts.reduce(0) { $0 + $1.pending }
        let filled = accepted == 0 ? 0 : Int(Double(answered) / Double(accepted) * min(share, 1) * 24)
        return String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
    }

    private func figures(_ counts: [SpoolCounts], entriesOnTheWay: Int?) -> String {
        let accepted = counts.reduce(0) { $0 + $1.accepted }
        let pending = counts.reduce(0) { $0 + $1.pending }
        let stored = counts.reduce(0) { $0 + $1.stored + $1.duplicate }
        var parts = [language.choose("trên máy", "on device") + " \(accepted)"]
        if let entriesOnTheWay {
            // Batches may hold rows of earlier runs too.
            parts.append(language.choose("đang gửi", "sent") + " \(min(Int64(entriesOnTheWay), pending))")
        }
        parts.append(language.choose("đã lưu", "stored") + " \(stored)")
        return parts.joined(separator: " · ")
    }
}
