/// Units and procedures of Lâm Hà district in 2022.
///
/// The unit codes have the national form; their numbers are made up.
package enum LamHa {
    /// A unit of the district.
    package struct Unit: Sendable {
        /// Its code.
        package let code: String
        /// Its name.
        package let name: String
        /// `town` or `commune`.
        package let kind: String
        /// How many of the district's dossiers it takes, in relation to the others.
        let weight: Int
    }

    /// An administrative procedure with its national code.
    package struct Procedure: Sendable {
        /// First two parts of the national code.
        package let code: String
        /// Its title.
        package let title: String
        /// Its sector.
        package let sector: String
        /// `none`, `partial` or `full`.
        package let onlineLevel: String
        /// How often it is asked for, in relation to the others.
        let weight: Int
        /// Days until the result is due.
        let days: Int
    }

    /// Two towns and fourteen communes.
    package static let units: [Unit] = [
        ("Đinh Văn", "town", 18), ("Nam Ban", "town", 14), ("Đạ Đờn", "commune", 7), ("Đan Phượng", "commune", 4),
        ("Đông Thanh", "commune", 4), ("Gia Lâm", "commune", 4), ("Hoài Đức", "commune", 6), ("Liên Hà", "commune", 5),
        ("Mê Linh", "commune", 6), ("Nam Hà", "commune", 4), ("Phi Tô", "commune", 4), ("Phú Sơn", "commune", 5),
        ("Phúc Thọ", "commune", 6), ("Tân Hà", "commune", 8), ("Tân Thanh", "commune", 5), ("Tân Văn", "commune", 7),
    ].enumerated().map { index, unit in
        Unit(code: "H36.31.\(index < 9 ? "0" : "")\(index + 1)", name: unit.0, kind: unit.1, weight: unit.2)
    }

    /// Some thirty procedures that communes and the district office are asked for.
    package static let procedures: [Procedure] = [
        ("2.000815", "Chứng thực bản sao từ bản chính", "Chứng thực", "none", 30, 1),
        ("2.000884", "Chứng thực chữ ký", "Chứng thực", "none", 9, 1),
        ("2.000913", "Chứng thực hợp đồng, giao dịch", "Chứng thực", "none", 5, 2),
        ("2.001035", "Chứng thực hợp đồng về tài sản là động sản, quyền sử dụng đất", "Chứng thực", "none", 4, 2),
        ("2.001019", "Chứng thực di chúc", "Chứng thực", "none", 1, 2),
        ("1.001193", "Đăng ký khai sinh", "Hộ tịch", "full", 12, 1),
        ("2.000986", "Liên thông khai sinh, thường trú, thẻ bảo hiểm y tế", "Hộ tịch", "full", 6, 10),
        ("1.000894", "Đăng ký kết hôn", "Hộ tịch", "partial", 5, 1),
        ("1.000656", "Đăng ký khai tử", "Hộ tịch", "full", 3, 1),
        ("1.004873", "Cấp giấy xác nhận tình trạng hôn nhân", "Hộ tịch", "full", 8, 3),
        ("2.000635", "Cấp bản sao trích lục hộ tịch", "Hộ tịch", "full", 10, 1),
        ("1.004859", "Thay đổi, cải chính, bổ sung hộ tịch", "Hộ tịch", "partial", 3, 3),
        ("1.004884", "Đăng ký lại khai sinh", "Hộ tịch", "partial", 2, 5),
        ("1.004746", "Đăng ký lại kết hôn", "Hộ tịch", "partial", 1, 5),
        ("1.005461", "Đăng ký lại khai tử", "Hộ tịch", "partial", 1, 5),
        ("1.001022", "Đăng ký nhận cha, mẹ, con", "Hộ tịch", "partial", 1, 3),
        ("1.004837", "Đăng ký giám hộ", "Hộ tịch", "partial", 1, 3),
        ("1.004222", "Đăng ký thường trú", "Cư trú", "full", 9, 7),
        ("1.004194", "Đăng ký tạm trú", "Cư trú", "full", 6, 3),
        ("1.001612", "Đăng ký thành lập hộ kinh doanh", "Hộ kinh doanh", "full", 5, 3),
        ("2.000720", "Đăng ký thay đổi hộ kinh doanh", "Hộ kinh doanh", "full", 2, 3),
        ("1.001570", "Tạm ngừng kinh doanh hộ kinh doanh", "Hộ kinh doanh", "full", 1, 3),
        ("1.001266", "Chấm dứt hoạt động hộ kinh doanh", "Hộ kinh doanh", "full", 1, 3),
        ("2.000575", "Cấp lại giấy chứng nhận đăng ký hộ kinh doanh", "Hộ kinh doanh", "full", 1, 3),
        ("1.001776", "Trợ cấp xã hội hàng tháng", "Bảo trợ xã hội", "partial", 3, 22),
        ("1.001731", "Hỗ trợ chi phí mai táng", "Bảo trợ xã hội", "partial", 1, 5),
        ("1.001699", "Xác định mức độ khuyết tật", "Bảo trợ xã hội", "partial", 1, 25),
        ("1.001653", "Đổi, cấp lại giấy xác nhận khuyết tật", "Bảo trợ xã hội", "partial", 1, 5),
        ("1.003554", "Hòa giải tranh chấp đất đai", "Đất đai", "none", 1, 45),
        ("1.003003", "Đăng ký đất đai và cấp giấy chứng nhận lần đầu", "Đất đai", "partial", 2, 30),
    ].map { Procedure(code: $0.0, title: $0.1, sector: $0.2, onlineLevel: $0.3, weight: $0.4, days: $0.5) }
}
