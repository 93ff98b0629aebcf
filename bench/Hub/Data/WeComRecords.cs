using System.Globalization;

namespace IntegrationHub.Bench.Data;

/// <summary>External contacts as WeCom's API gives them, about 1.2 KB each. Names, companies and numbers are made up.</summary>
internal static class WeComRecords
{
    private static readonly string[] Surnames = ["王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "欧阳", "司徒"];
    private static readonly string[] Given = ["伟", "芳", "娜", "秀英", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超", "秀兰", "霞", "子涵", "雨桐"];
    private static readonly string[] Places = ["上海", "北京", "深圳", "杭州", "成都", "武汉", "南京", "福州", "西安", "苏州"];
    private static readonly string[] Words = ["示例", "晨星", "远帆", "瑞禾", "云杉", "启明", "蓝岭", "恒拓", "青松", "海棠", "天问", "金桥"];
    private static readonly string[] Trades = ["科技", "贸易", "仪器", "医疗器械", "物流", "信息技术", "建筑工程", "食品"];
    private static readonly string[] Positions = ["采购经理", "总经理", "财务主管", "技术总监", "销售代表", ""];
    private static readonly string[] Tags = ["重点客户", "已报价", "展会", "华东区", "待回访", "续约", "VIP", "经销商"];
    private static readonly string[] Remarks = ["老客户介绍，关注交期", "三月展会上认识，要样品", "要求开具增值税专用发票", "只在工作日联系；价格敏感", "客户说：\\\"下季度再谈\\\"", ""];
    private static readonly int[] Ways = [1, 2, 3, 4, 8, 10, 16, 201, 7];
    private static readonly string[] Prefixes = ["138", "139", "150", "186", "177", "135"];

    public static string At(int number)
    {
        var random = Generate.RandomAt(11, number);
        var name = Pick(random, Surnames) + Pick(random, Given);
        var trade = Pick(random, Words) + Pick(random, Trades);
        var place = Pick(random, Places);
        var isWeCom = random.Next(3) == 0;
        var company = isWeCom ? $",\"corp_name\":\"{place}{trade}\",\"corp_full_name\":\"{trade}（{place}）有限公司\"" : random.Next(2) == 0 ? $",\"corp_name\":\"{trade}\"" : "";
        var union = isWeCom ? "" : $",\"unionid\":\"ozynqsulJFCZ2z1aYeS8h-nuasd{number:D6}\"";
        var attributes = $$$"""
            {"type":0,"name":"统一社会信用代码","text":{"value":"{{{Uscc.At(number % 10_000_000)}}}"}},{"type":0,"name":"注册资本","text":{"value":"{{{random.Next(10, 90_000)}}}"}},{"type":1,"name":"官网","web":{"url":"https://www.c{{{number}}}.example/","title":"{{{trade}}}官网"}}
            """;
        if (random.Next(4) == 0)
            attributes = """{"type":0,"name":"行业","text":{"value":"制造业"}}""";
        var mobile = string.Create(CultureInfo.InvariantCulture, $"{Pick(random, Prefixes)}{random.Next(100_000_000):D8}");
        var written = random.Next(3) switch { 0 => mobile, 1 => $"{mobile[..3]} {mobile[3..7]} {mobile[7..]}", _ => $"+86 {mobile[..3]}-{mobile[3..7]}-{mobile[7..]}" };
        var mobiles = random.Next(5) == 0 ? "[]" : $"[\"{written}\"]";
        var more = random.Next(4) == 0
            ? $",{{\"userid\":\"woAJ2GCAAAd4uL12hdfsdas{number % 97:D2}\",\"remark\":\"{name}（转接）\",\"description\":\"\",\"createtime\":{1_600_000_000 + random.Next(90_000_000)},\"tags\":[],\"remark_mobiles\":[],\"add_way\":202,\"oper_userid\":\"admin\"}}"
            : "";
        return string.Create(CultureInfo.InvariantCulture, $$$"""
            {"errcode":0,"errmsg":"ok","external_contact":{"external_userid":"woAJ2GCAAAXtWyujaWJHDDGi0mACA{{{number:D7}}}","name":"{{{name}}}","position":"{{{Pick(random, Positions)}}}","avatar":"http://p.qlogo.example/bizmail/IcsdgagqefergqerhewSdage{{{number}}}/0"{{{company}}},"type":{{{(isWeCom ? 2 : 1)}}},"gender":{{{random.Next(3)}}}{{{union}}},"external_profile":{"external_attr":[{{{attributes}}}]}},"follow_user":[{"userid":"user{{{number % 500:D3}}}","remark":"{{{Pick(random, Remarks)}}}","description":"对接人","createtime":{{{1_525_779_812 + random.Next(200_000_000)}}},"tags":[{"group_name":"标签分组","tag_name":"{{{Pick(random, Tags)}}}","tag_id":"etAJ2GCAAAXtWyujaWJHDDGi0mACHAAA","type":1},{"group_name":"自定义","tag_name":"{{{Pick(random, Tags)}}}","type":2},{"group_name":"区域","tag_name":"{{{Pick(random, Tags)}}}","tag_id":"etAJ2GCAAAXtWyujaWJHDDGi0mACHBBB","type":1}],"remark_corp_name":"{{{trade}}}","remark_mobiles":{{{mobiles}}},"oper_userid":"user{{{number % 500:D3}}}","add_way":{{{Ways[random.Next(Ways.Length)]}}},"wechat_channels":{"nickname":"视频号","source":1}}{{{more}}}]}
            """);
    }

    private static string Pick(Random random, string[] from) => from[random.Next(from.Length)];
}
