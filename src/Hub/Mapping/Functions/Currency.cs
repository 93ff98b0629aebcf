using System.Text;

namespace IntegrationHub.Mapping.Functions;

/// <summary>A currency of ISO 4217.</summary>
/// <param name="Code">The three letters, as a value.</param>
/// <param name="Decimals">Digits of the minor unit: 2 for CNY (fen), 0 for JPY.</param>
internal sealed record Currency(Value Code, int Decimals)
{
    // Codes in use or until lately, by digits of the minor unit. Funds codes, metals and test codes are left out: no business document is priced in them.
    private const string TwoDecimals =
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK "
        + "DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT "
        + "LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN "
        + "QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS "
        + "VED VES WST XCD XCG YER ZAR ZMW ZWG HRK";

    private const string NoDecimals = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
    private const string ThreeDecimals = "BHD IQD JOD KWD LYD OMR TND";

    /// <summary>Names that Chinese systems write instead of the code, and the signs that go with one currency or several.</summary>
    private static readonly (string Name, string Code)[] Names =
    [
        ("RMB", "CNY"), ("人民币", "CNY"), ("人民币元", "CNY"), ("元", "CNY"), ("美元", "USD"), ("港币", "HKD"), ("港元", "HKD"), ("欧元", "EUR"),
        ("英镑", "GBP"), ("日元", "JPY"), ("韩元", "KRW"), ("新台币", "TWD"), ("澳元", "AUD"), ("加元", "CAD"), ("新加坡元", "SGD"), ("瑞士法郎", "CHF"),
    ];

    private static readonly ByteTable<Currency> Table = new(Build());

    /// <summary>By code in any case and width, or by one of the usual Chinese names.</summary>
    public static Currency? Find(ReadOnlySpan<byte> text)
    {
        if (Table.TryGet(text, out var found))
            return found;
        if (text.Length > 40)
            return null;
        return Table.TryGet(Encoding.UTF8.GetBytes(Utf8Text.Squeezed(text)), out found) ? found : null;
    }

    /// <summary>Whether a sign beside an amount can mean this currency.</summary>
    public bool HasSign(ReadOnlySpan<byte> sign) => Code.ToString() switch
    {
        "CNY" => sign.SequenceEqual("¥"u8) || sign.SequenceEqual("￥"u8) || sign.SequenceEqual("CN¥"u8) || sign.SequenceEqual("圆"u8),
        "JPY" => sign.SequenceEqual("¥"u8) || sign.SequenceEqual("￥"u8) || sign.SequenceEqual("円"u8),
        "EUR" => sign.SequenceEqual("€"u8),
        "GBP" => sign.SequenceEqual("£"u8) || sign.SequenceEqual("￡"u8),
        "USD" => sign.SequenceEqual("$"u8) || sign.SequenceEqual("US$"u8),
        "HKD" => sign.SequenceEqual("$"u8) || sign.SequenceEqual("HK$"u8),
        "AUD" or "CAD" or "NZD" or "SGD" or "TWD" => sign.SequenceEqual("$"u8),
        "KRW" => sign.SequenceEqual("₩"u8),
        "INR" => sign.SequenceEqual("₹"u8),
        _ => false,
    };

    private static Dictionary<string, Currency> Build()
    {
        var codes = new Dictionary<string, Currency>(StringComparer.Ordinal);
        foreach (var (list, decimals) in new[] { (TwoDecimals, 2), (NoDecimals, 0), (ThreeDecimals, 3) })
        {
            foreach (var code in list.Split(' '))
                codes.Add(code, new Currency(Value.Text(code), decimals));
        }

        foreach (var (name, code) in Names)
            codes.Add(name, codes[code]);
        return codes;
    }
}
