import ArgumentParser
import Cluster
import Dossiers
import Foundation
import Settings

/// Makes this machine a post office's.
struct SenderSetup {
    let language: Language
    let units: ServiceUnits
    /// The language that was asked for, for the settings.
    let spoken: String?

    private static let services = ["hoso-agent.service"]

    func run(file: String?, timeZone: String?) async throws {
        if Site.isConfigured {
            guard try siteSettings(language).senderKey != nil else {
                throw refusal(
                    language.choose(
                        "máy này là trung tâm (\(Site.configuration)); điểm gửi cần máy khác",
                        "this machine is a centre (\(Site.configuration)); a post office takes another machine"), 64)
            }
            Console.line(language.choose("Đã ghi danh từ trước.", "Enrolled already."))
        } else {
            let name = try await Enrolment(place: place(timeZone), language: language).enrol(file: file)
            // There is no secret in it, and whoever looks for what is wrong needs it.
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: Site.configuration)
            Console.line(language.choose("Đã ghi danh \(name).", "Enrolled as \(name)."))
        }
        Console.line(language.choose("Khởi động dịch vụ …", "Starting the service …"))
        try await units.enable(["hoso.target"] + Self.services)
        try await units.start(Self.services)
        try await units.wait(for: Self.services)
        let inbox = try siteSettings(language).inbox ?? ""
        Console.line(
            language.choose(
                """
                Xong. Đặt tệp hồ sơ vào \(inbox): ghi với tên TÊN.part rồi đổi tên; kết quả ở done/ và failed/.
                Hoặc gửi ngay và chờ biên nhận: hoso send TỆP. Cho người khác dùng thư mục: usermod -aG hoso-agent TÊN-NGƯỜI-DÙNG
                """,
                """
                Done. Put files of dossiers into \(inbox): write NAME.part, rename it; the outcome is in done/ and failed/.
                Or send at once and wait for receipts: hoso send FILE. To let others use the folder: usermod -aG hoso-agent USER
                """))
    }

    private func place(_ timeZone: String?) -> SenderPlace {
        var place = SenderPlace(
            configuration: Site.configuration, key: Site.keys + "/sender/sender", spool: Site.sender + "/sender.sqlite",
            inbox: Site.sender + "/inbox", folders: [Site.keys + "/sender"])
        place.settings = ["health.sockets": "/run/hoso/health", "language": spoken ?? ""]
        if let timeZone { place.settings["time_zone"] = timeZone }
        return place
    }
}
