using System.Text;

namespace IntegrationHub.Mapping.Functions;

/// <summary>Countries and territories of ISO 3166-1 by code and by the names that English and Chinese systems write.</summary>
internal static class Countries
{
    // Alpha-2, alpha-3, then names. A code of two letters is the standard's, whatever a name might suggest.
    private const string Source = """
        AD AND Andorra|安道尔
        AE ARE United Arab Emirates|UAE|阿拉伯联合酋长国|阿联酋
        AF AFG Afghanistan|阿富汗
        AG ATG Antigua and Barbuda|Antigua & Barbuda|安提瓜和巴布达
        AI AIA Anguilla|安圭拉
        AL ALB Albania|阿尔巴尼亚
        AM ARM Armenia|亚美尼亚
        AO AGO Angola|安哥拉
        AQ ATA Antarctica|南极洲
        AR ARG Argentina|阿根廷
        AS ASM American Samoa|美属萨摩亚
        AT AUT Austria|Österreich|奥地利
        AU AUS Australia|澳大利亚|澳洲
        AW ABW Aruba|阿鲁巴
        AX ALA Åland Islands|Aland Islands|奥兰群岛
        AZ AZE Azerbaijan|阿塞拜疆
        BA BIH Bosnia and Herzegovina|Bosnia & Herzegovina|波斯尼亚和黑塞哥维那|波黑
        BB BRB Barbados|巴巴多斯
        BD BGD Bangladesh|孟加拉国|孟加拉
        BE BEL Belgium|比利时
        BF BFA Burkina Faso|布基纳法索
        BG BGR Bulgaria|保加利亚
        BH BHR Bahrain|巴林
        BI BDI Burundi|布隆迪
        BJ BEN Benin|贝宁
        BL BLM Saint Barthélemy|Saint Barthelemy|圣巴泰勒米
        BM BMU Bermuda|百慕大
        BN BRN Brunei|Brunei Darussalam|文莱
        BO BOL Bolivia|Bolivia (Plurinational State of)|玻利维亚
        BQ BES Bonaire, Sint Eustatius and Saba|Caribbean Netherlands|荷兰加勒比区
        BR BRA Brazil|Brasil|巴西
        BS BHS Bahamas|The Bahamas|巴哈马
        BT BTN Bhutan|不丹
        BV BVT Bouvet Island|布韦岛
        BW BWA Botswana|博茨瓦纳
        BY BLR Belarus|白俄罗斯
        BZ BLZ Belize|伯利兹
        CA CAN Canada|加拿大
        CC CCK Cocos (Keeling) Islands|Cocos Islands|科科斯群岛
        CD COD Congo (Democratic Republic of the)|Democratic Republic of the Congo|DR Congo|刚果民主共和国|刚果（金）
        CF CAF Central African Republic|中非共和国|中非
        CG COG Congo|Republic of the Congo|刚果共和国|刚果（布）
        CH CHE Switzerland|Schweiz|Suisse|瑞士
        CI CIV Côte d'Ivoire|Cote d'Ivoire|Ivory Coast|科特迪瓦
        CK COK Cook Islands|库克群岛
        CL CHL Chile|智利
        CM CMR Cameroon|喀麦隆
        CN CHN China|People's Republic of China|PR China|PRC|Mainland China|中国|中华人民共和国|中国大陆|中国内地
        CO COL Colombia|哥伦比亚
        CR CRI Costa Rica|哥斯达黎加
        CU CUB Cuba|古巴
        CV CPV Cabo Verde|Cape Verde|佛得角
        CW CUW Curaçao|Curacao|库拉索
        CX CXR Christmas Island|圣诞岛
        CY CYP Cyprus|塞浦路斯
        CZ CZE Czechia|Czech Republic|捷克|捷克共和国
        DE DEU Germany|Deutschland|Federal Republic of Germany|德国
        DJ DJI Djibouti|吉布提
        DK DNK Denmark|Danmark|丹麦
        DM DMA Dominica|多米尼克
        DO DOM Dominican Republic|多米尼加|多米尼加共和国
        DZ DZA Algeria|阿尔及利亚
        EC ECU Ecuador|厄瓜多尔
        EE EST Estonia|爱沙尼亚
        EG EGY Egypt|埃及
        EH ESH Western Sahara|西撒哈拉
        ER ERI Eritrea|厄立特里亚
        ES ESP Spain|España|西班牙
        ET ETH Ethiopia|埃塞俄比亚
        FI FIN Finland|Suomi|芬兰
        FJ FJI Fiji|斐济
        FK FLK Falkland Islands|Falkland Islands (Malvinas)|福克兰群岛
        FM FSM Micronesia|Micronesia (Federated States of)|Federated States of Micronesia|密克罗尼西亚
        FO FRO Faroe Islands|法罗群岛
        FR FRA France|法国
        GA GAB Gabon|加蓬
        GB GBR United Kingdom|United Kingdom of Great Britain and Northern Ireland|Great Britain|UK|England|Scotland|Wales|Northern Ireland|英国
        GD GRD Grenada|格林纳达
        GE GEO Georgia|格鲁吉亚
        GF GUF French Guiana|法属圭亚那
        GG GGY Guernsey|根西岛|根西
        GH GHA Ghana|加纳
        GI GIB Gibraltar|直布罗陀
        GL GRL Greenland|格陵兰
        GM GMB Gambia|The Gambia|冈比亚
        GN GIN Guinea|几内亚
        GP GLP Guadeloupe|瓜德罗普
        GQ GNQ Equatorial Guinea|赤道几内亚
        GR GRC Greece|希腊
        GS SGS South Georgia and the South Sandwich Islands|南乔治亚和南桑威奇群岛
        GT GTM Guatemala|危地马拉
        GU GUM Guam|关岛
        GW GNB Guinea-Bissau|几内亚比绍
        GY GUY Guyana|圭亚那
        HK HKG Hong Kong|Hong Kong SAR|Hong Kong, China|香港|中国香港|香港特别行政区
        HM HMD Heard Island and McDonald Islands|赫德岛和麦克唐纳群岛
        HN HND Honduras|洪都拉斯
        HR HRV Croatia|克罗地亚
        HT HTI Haiti|海地
        HU HUN Hungary|匈牙利
        ID IDN Indonesia|印度尼西亚|印尼
        IE IRL Ireland|爱尔兰
        IL ISR Israel|以色列
        IM IMN Isle of Man|马恩岛
        IN IND India|印度
        IO IOT British Indian Ocean Territory|英属印度洋领地
        IQ IRQ Iraq|伊拉克
        IR IRN Iran|Iran (Islamic Republic of)|伊朗
        IS ISL Iceland|冰岛
        IT ITA Italy|Italia|意大利
        JE JEY Jersey|泽西岛|泽西
        JM JAM Jamaica|牙买加
        JO JOR Jordan|约旦
        JP JPN Japan|日本
        KE KEN Kenya|肯尼亚
        KG KGZ Kyrgyzstan|吉尔吉斯斯坦
        KH KHM Cambodia|柬埔寨
        KI KIR Kiribati|基里巴斯
        KM COM Comoros|科摩罗
        KN KNA Saint Kitts and Nevis|圣基茨和尼维斯
        KP PRK Korea (Democratic People's Republic of)|Democratic People's Republic of Korea|North Korea|DPRK|朝鲜
        KR KOR Korea (Republic of)|Korea, Republic of|Republic of Korea|South Korea|Korea|韩国|大韩民国
        KW KWT Kuwait|科威特
        KY CYM Cayman Islands|开曼群岛
        KZ KAZ Kazakhstan|哈萨克斯坦
        LA LAO Laos|Lao People's Democratic Republic|老挝
        LB LBN Lebanon|黎巴嫩
        LC LCA Saint Lucia|圣卢西亚
        LI LIE Liechtenstein|列支敦士登
        LK LKA Sri Lanka|斯里兰卡
        LR LBR Liberia|利比里亚
        LS LSO Lesotho|莱索托
        LT LTU Lithuania|立陶宛
        LU LUX Luxembourg|卢森堡
        LV LVA Latvia|拉脱维亚
        LY LBY Libya|利比亚
        MA MAR Morocco|摩洛哥
        MC MCO Monaco|摩纳哥
        MD MDA Moldova|Moldova (Republic of)|Republic of Moldova|摩尔多瓦
        ME MNE Montenegro|黑山
        MF MAF Saint Martin|Saint Martin (French part)|法属圣马丁
        MG MDG Madagascar|马达加斯加
        MH MHL Marshall Islands|马绍尔群岛
        MK MKD North Macedonia|Macedonia|北马其顿
        ML MLI Mali|马里
        MM MMR Myanmar|Burma|缅甸
        MN MNG Mongolia|蒙古|蒙古国
        MO MAC Macao|Macau|Macao SAR|Macao, China|澳门|中国澳门|澳门特别行政区
        MP MNP Northern Mariana Islands|北马里亚纳群岛
        MQ MTQ Martinique|马提尼克
        MR MRT Mauritania|毛里塔尼亚
        MS MSR Montserrat|蒙特塞拉特
        MT MLT Malta|马耳他
        MU MUS Mauritius|毛里求斯
        MV MDV Maldives|马尔代夫
        MW MWI Malawi|马拉维
        MX MEX Mexico|México|墨西哥
        MY MYS Malaysia|马来西亚
        MZ MOZ Mozambique|莫桑比克
        NA NAM Namibia|纳米比亚
        NC NCL New Caledonia|新喀里多尼亚
        NE NER Niger|尼日尔
        NF NFK Norfolk Island|诺福克岛
        NG NGA Nigeria|尼日利亚
        NI NIC Nicaragua|尼加拉瓜
        NL NLD Netherlands|The Netherlands|Holland|Kingdom of the Netherlands|荷兰
        NO NOR Norway|Norge|挪威
        NP NPL Nepal|尼泊尔
        NR NRU Nauru|瑙鲁
        NU NIU Niue|纽埃
        NZ NZL New Zealand|新西兰
        OM OMN Oman|阿曼
        PA PAN Panama|巴拿马
        PE PER Peru|秘鲁
        PF PYF French Polynesia|法属波利尼西亚
        PG PNG Papua New Guinea|巴布亚新几内亚
        PH PHL Philippines|The Philippines|菲律宾
        PK PAK Pakistan|巴基斯坦
        PL POL Poland|Polska|波兰
        PM SPM Saint Pierre and Miquelon|圣皮埃尔和密克隆
        PN PCN Pitcairn|Pitcairn Islands|皮特凯恩群岛
        PR PRI Puerto Rico|波多黎各
        PS PSE Palestine|Palestine, State of|State of Palestine|巴勒斯坦
        PT PRT Portugal|葡萄牙
        PW PLW Palau|帕劳
        PY PRY Paraguay|巴拉圭
        QA QAT Qatar|卡塔尔
        RE REU Réunion|Reunion|留尼汪
        RO ROU Romania|罗马尼亚
        RS SRB Serbia|塞尔维亚
        RU RUS Russia|Russian Federation|俄罗斯|俄罗斯联邦
        RW RWA Rwanda|卢旺达
        SA SAU Saudi Arabia|Kingdom of Saudi Arabia|KSA|沙特阿拉伯|沙特
        SB SLB Solomon Islands|所罗门群岛
        SC SYC Seychelles|塞舌尔
        SD SDN Sudan|苏丹
        SE SWE Sweden|Sverige|瑞典
        SG SGP Singapore|新加坡
        SH SHN Saint Helena, Ascension and Tristan da Cunha|Saint Helena|圣赫勒拿
        SI SVN Slovenia|斯洛文尼亚
        SJ SJM Svalbard and Jan Mayen|斯瓦尔巴和扬马延
        SK SVK Slovakia|Slovak Republic|斯洛伐克
        SL SLE Sierra Leone|塞拉利昂
        SM SMR San Marino|圣马力诺
        SN SEN Senegal|塞内加尔
        SO SOM Somalia|索马里
        SR SUR Suriname|苏里南
        SS SSD South Sudan|南苏丹
        ST STP Sao Tome and Principe|São Tomé and Príncipe|圣多美和普林西比
        SV SLV El Salvador|萨尔瓦多
        SX SXM Sint Maarten|Sint Maarten (Dutch part)|荷属圣马丁
        SY SYR Syria|Syrian Arab Republic|叙利亚
        SZ SWZ Eswatini|Swaziland|斯威士兰
        TC TCA Turks and Caicos Islands|特克斯和凯科斯群岛
        TD TCD Chad|乍得
        TF ATF French Southern Territories|法属南部领地
        TG TGO Togo|多哥
        TH THA Thailand|泰国
        TJ TJK Tajikistan|塔吉克斯坦
        TK TKL Tokelau|托克劳
        TL TLS Timor-Leste|East Timor|东帝汶
        TM TKM Turkmenistan|土库曼斯坦
        TN TUN Tunisia|突尼斯
        TO TON Tonga|汤加
        TR TUR Türkiye|Turkey|土耳其
        TT TTO Trinidad and Tobago|Trinidad & Tobago|特立尼达和多巴哥
        TV TUV Tuvalu|图瓦卢
        TW TWN Taiwan|Taiwan, Province of China|Taiwan, China|台湾|中国台湾|台湾省|台湾地区
        TZ TZA Tanzania|Tanzania, United Republic of|United Republic of Tanzania|坦桑尼亚
        UA UKR Ukraine|乌克兰
        UG UGA Uganda|乌干达
        UM UMI United States Minor Outlying Islands|美国本土外小岛屿
        US USA United States|United States of America|The United States|美国|美利坚合众国
        UY URY Uruguay|乌拉圭
        UZ UZB Uzbekistan|乌兹别克斯坦
        VA VAT Holy See|Vatican|Vatican City|梵蒂冈
        VC VCT Saint Vincent and the Grenadines|圣文森特和格林纳丁斯
        VE VEN Venezuela|Venezuela (Bolivarian Republic of)|委内瑞拉
        VG VGB Virgin Islands (British)|British Virgin Islands|BVI|英属维尔京群岛|英属维京群岛
        VI VIR Virgin Islands (U.S.)|US Virgin Islands|美属维尔京群岛
        VN VNM Vietnam|Viet Nam|越南
        VU VUT Vanuatu|瓦努阿图
        WF WLF Wallis and Futuna|瓦利斯和富图纳
        WS WSM Samoa|萨摩亚
        YE YEM Yemen|也门
        YT MYT Mayotte|马约特
        ZA ZAF South Africa|南非
        ZM ZMB Zambia|赞比亚
        ZW ZWE Zimbabwe|津巴布韦
        """;

    private static readonly ByteTable<Value> Table = new(Build());

    public static Value? Find(ReadOnlySpan<byte> text)
    {
        if (Table.TryGet(text, out var code))
            return code;
        return text.Length <= 200 && Table.TryGet(Encoding.UTF8.GetBytes(Key(text)), out code) ? code : null;
    }

    /// <summary>Upper case without blanks and punctuation: "U.S.A.", "Korea, Republic of" and "刚果（金）" in one form each.</summary>
    private static string Key(ReadOnlySpan<byte> text)
    {
        var key = new StringBuilder();
        foreach (var rune in Utf8Text.Squeezed(text).EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune) || rune.Value == '&')
                key.Append(rune.ToString());
        }

        return key.ToString();
    }

    private static Dictionary<string, Value> Build()
    {
        var codes = new Dictionary<string, Value>(StringComparer.Ordinal);
        foreach (var line in Source.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var code = Value.Text(line[..2]);
            codes.Add(line[..2], code);
            codes.Add(line[3..6], code);
            foreach (var name in line[7..].Split('|'))
                codes.TryAdd(Key(Encoding.UTF8.GetBytes(name)), code);
        }

        return codes;
    }
}
